package moa

import (
	"fmt"
)

// Verify is how the host checks a request before the plugin sees it.
type Verify string

// The checks.
const (
	// VerifyNone checks nothing.
	VerifyNone Verify = "none"
	// VerifyBearer checks a token in a header.
	VerifyBearer Verify = "bearer"
	// VerifyHMAC checks an HMAC-SHA-256 of the body.
	VerifyHMAC Verify = "hmac-sha256"
	// VerifySlack checks Slack's signature.
	VerifySlack Verify = "slack"
	// VerifyJANDI checks the token in the body that JANDI sends.
	VerifyJANDI Verify = "jandi"
)

// WebhookRequest is a request from outside that passed the check.
type WebhookRequest struct {
	// Name is the hook's.
	Name string
	// Method is in capitals.
	Method string
	// Path is what follows the hook's own address; empty or beginning with /.
	Path string
	// Query is without the ?; empty if there is none.
	Query string
	// Headers have names in lower case, in the order received.
	Headers []Header
	// Body is the body.
	Body []byte
}

// Header is the first value of a header, by its name in any case; empty if there is none.
func (r WebhookRequest) Header(name string) string { return headerOf(r.Headers, name) }

// WebhookSpec is a webhook; its methods say more about it.
type WebhookSpec struct {
	it struct {
		Name    string   `json:"name"`
		Methods []string `json:"methods,omitempty"`
		Verify  Verify   `json:"verify"`
	}
	run func(*Context, WebhookRequest) (Response, error)
}

// Webhook answers requests to /hooks/PLUGIN/NAME. A status of 0 is 200.
func Webhook(name string, verify Verify, run func(*Context, WebhookRequest) (Response, error)) *WebhookSpec {
	spec := &WebhookSpec{run: run}
	spec.it.Name, spec.it.Verify = name, verify
	plugin.Webhooks = append(plugin.Webhooks, spec)
	return spec
}

// Methods says which methods it takes; without it, POST.
func (w *WebhookSpec) Methods(methods ...string) *WebhookSpec {
	w.it.Methods = methods
	return w
}

// Plain is the webhook as the manifest has it.
func (w *WebhookSpec) Plain() any { return w.it }

func serve(ctx *Context, request WebhookRequest) (Response, error) {
	for _, one := range plugin.Webhooks {
		if one.it.Name == request.Name {
			response, err := one.run(ctx, request)
			if response.Status == 0 {
				response.Status = 200
			}
			return response, err
		}
	}
	return Response{}, fmt.Errorf("this plugin has no webhook %q", request.Name)
}
