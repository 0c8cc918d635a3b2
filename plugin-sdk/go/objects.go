package moa

import (
	"time"

	"moa/internal/wire"
)

// Bucket is an object store, by the operator's name for it. It needs the request Objects.
type Bucket string

// Object is an object without its content.
type Object struct {
	// Key is a relative path.
	Key string
	// Size is in bytes; 4294967295 for anything that large or larger.
	Size uint32
	// ETag changes with the content; empty where the store has none.
	ETag string
	// Modified is when it was last written, RFC 3339.
	Modified string
}

type objectPage struct {
	Objects []Object
	Next    string `wit:"?"`
}

// Get is the content of an object, whole.
func (b Bucket) Get(key string) ([]byte, error) { return ask[[]byte]("objects.get", string(b), key) }

// Put writes an object, whatever was there. Returns the new etag.
func (b Bucket) Put(key string, data []byte, mime string) (etag string, err error) {
	return ask[string]("objects.put", string(b), key, data, mime)
}

// Page is the objects whose keys begin with a prefix, ascending, a page at a time, and the cursor of the next: empty if
// this was the last. An empty cursor asks for the first.
func (b Bucket) Page(prefix, cursor string) (objects []Object, next string, err error) {
	page, err := ask[objectPage]("objects.list", string(b), prefix, optional(cursor))
	return page.Objects, page.Next, err
}

// Delete deletes an object. One that is not there is success.
func (b Bucket) Delete(key string) error { return do("objects.delete", string(b), key) }

// Sign is an address by which anybody can read the object for so long, from 1 second to 7 days.
func (b Bucket) Sign(key string, lasts time.Duration) (address string, err error) {
	return ask[string]("objects.sign", string(b), key, wholeSeconds(lasts))
}

type none = wire.None
