package moa

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"moa/internal/abi"
)

// Header is one header of a request or response.
type Header struct {
	// Name is in lower case where it comes from the host.
	Name string
	// Value may carry {{secret:NAME}} in a request: the host puts the secret there on the way out.
	Value string
}

// Body is what a request carries: nil for nothing, [Bytes] or [ObjectBody].
type Body any

type (
	// Bytes are a body.
	Bytes []byte
	// ObjectBody is an object as a body, which does not pass through the plugin.
	ObjectBody struct {
		// Bucket is the operator's name for it.
		Bucket string
		// Key is the object's.
		Key string
	}
)

// Signing is how the host signs a request on its way out, with a secret that the plugin never holds: [SigV4] or [HMAC].
type Signing any

type (
	// SigV4 is AWS Signature Version 4 over the whole request.
	SigV4 struct {
		// Secret names the one whose value is ACCESS-KEY-ID:SECRET-KEY.
		Secret string
		// Region and Service are AWS's.
		Region, Service string
	}
	// HMAC is HMAC-SHA-256 over the body, in lower-case hexadecimal.
	HMAC struct {
		// Secret names the key.
		Secret string
		// Header carries the signature.
		Header string
	}
)

// Request is an HTTP request. The origin needs to be in the request HTTP.
type Request struct {
	// Method is in capitals; empty is GET.
	Method string
	// URL is an absolute http or https address.
	URL string
	// Headers are sent in this order.
	Headers []Header
	// Body is what it carries; nil for nothing.
	Body Body
	// TimeoutMillis is how long the whole exchange may take; 0 leaves it to the host.
	TimeoutMillis uint32
	// Sign is how to sign; nil for not at all.
	Sign Signing `wit:"?"`
}

// Response is an HTTP response. Any status is a response, not an error.
type Response struct {
	// Status is from 100 to 599.
	Status uint16
	// Headers are in the order received, names in lower case.
	Headers []Header
	// Body is decompressed.
	Body []byte
}

// Header is the first value of a header, by its name in any case; empty if there is none.
func (r Response) Header(name string) string { return headerOf(r.Headers, name) }

func headerOf(headers []Header, name string) string {
	for _, one := range headers {
		if strings.EqualFold(one.Name, name) {
			return one.Value
		}
	}
	return ""
}

func (r Request) withMethod() Request {
	if r.Method == "" {
		r.Method = "GET"
	}
	return r
}

// Timeout sets how long the whole exchange may take.
func (r Request) Timeout(most time.Duration) Request {
	r.TimeoutMillis = uint32(min(max(most.Milliseconds(), 1), 1<<32-1))
	return r
}

// Fetch sends a request and waits for the whole response.
func Fetch(what Request) (Response, error) { return ask[Response]("http.fetch", what.withMethod()) }

// FetchToObject sends a request and stores the response's body as an object, without passing it through the plugin.
func FetchToObject(what Request, bucket, key string) (Response, error) {
	return ask[Response]("http.fetch-to-object", what.withMethod(), bucket, key)
}

// StatusError is a response whose status is not from 200 to 299, where one was expected.
type StatusError struct {
	// URL is what was asked for.
	URL string
	// Response is what came.
	Response Response
}

// Error names the status and the address without its query, which may carry what is nobody's business.
func (e *StatusError) Error() string {
	address, _, _ := strings.Cut(e.URL, "?")
	return fmt.Sprintf("%s answered with status %d", address, e.Response.Status)
}

// FetchJSON sends a request and reads the response's body from JSON. A status that is not from 200 to 299 is a
// [*StatusError].
func FetchJSON[T any](what Request) (T, error) {
	var value T
	response, err := Fetch(what)
	if err != nil {
		return value, err
	}
	if response.Status < 200 || response.Status > 299 {
		return value, &StatusError{what.URL, response}
	}
	if err := json.Unmarshal(response.Body, &value); err != nil {
		address, _, _ := strings.Cut(what.URL, "?")
		return value, fmt.Errorf("%s answered with other JSON than expected: %w", address, err)
	}
	return value, nil
}

// GetJSON is [FetchJSON] of an address.
func GetJSON[T any](url string) (T, error) {
	return FetchJSON[T](Request{URL: url, Headers: []Header{{"accept", "application/json"}}})
}

// PostJSON sends a value as JSON and reads the response's body from JSON.
func PostJSON[T any](url string, body any) (T, error) {
	data, err := json.Marshal(body)
	if err != nil {
		var none T
		return none, fmt.Errorf("the body has no JSON form: %w", err)
	}
	headers := []Header{{"content-type", "application/json"}, {"accept", "application/json"}}
	return FetchJSON[T](Request{Method: "POST", URL: url, Headers: headers, Body: Bytes(data)})
}

func init() {
	abi.Variant[Body](nil, Bytes(nil), ObjectBody{})
	abi.Variant[Signing](SigV4{}, HMAC{})
}
