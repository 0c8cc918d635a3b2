//go:build wasip1

package moa

// The functions of the host, as core WebAssembly knows them, by the contract's names. Each takes the parameters that the
// canonical ABI makes of the contract's, and where the result shall be written. That they fit is checked when the module
// becomes a component.

var imports = map[string]func([]uint64){
	"brain.get": func(v []uint64) {
		brainGet(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"brain.set": func(v []uint64) {
		brainSet(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]))
	},
	"brain.delete": func(v []uint64) {
		brainDelete(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"brain.list-keys": func(v []uint64) {
		brainListKeys(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]))
	},
	"brain.increment": func(v []uint64) {
		brainIncrement(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), int64(v[5]), uint32(v[6]))
	},
	"brain.compare-and-swap": func(v []uint64) {
		brainCompareAndSwap(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]), uint32(v[11]), uint32(v[12]))
	},
	"brain.get-many": func(v []uint64) {
		brainGetMany(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"brain.set-many": func(v []uint64) {
		brainSetMany(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"chat.send": func(v []uint64) { chatSend(uint32(v[0]), uint32(v[1])) },
	"chat.edit": func(v []uint64) { chatEdit(uint32(v[0]), uint32(v[1])) },
	"chat.delete": func(v []uint64) {
		chatDelete(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]))
	},
	"chat.react": func(v []uint64) {
		chatReact(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]), uint32(v[11]), uint32(v[12]))
	},
	"chat.unreact": func(v []uint64) {
		chatUnreact(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]), uint32(v[11]), uint32(v[12]))
	},
	"chat.upload": func(v []uint64) {
		chatUpload(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]), uint32(v[11]), uint32(v[12]), uint32(v[13]), uint32(v[14]))
	},
	"chat.download":         func(v []uint64) { chatDownload(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"chat.open-direct":      func(v []uint64) { chatOpenDirect(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"chat.open-modal":       func(v []uint64) { chatOpenModal(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4])) },
	"chat.get-user":         func(v []uint64) { chatGetUser(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"chat.get-conversation": func(v []uint64) { chatGetConversation(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"chat.members": func(v []uint64) {
		chatMembers(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"chat.history": func(v []uint64) {
		chatHistory(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]), uint32(v[10]), uint32(v[11]), uint32(v[12]))
	},
	"chat.ask":             func(v []uint64) { chatAsk(uint32(v[0]), uint32(v[1])) },
	"http.fetch":           func(v []uint64) { httpFetch(uint32(v[0]), uint32(v[1])) },
	"http.fetch-to-object": func(v []uint64) { httpFetchToObject(uint32(v[0]), uint32(v[1])) },
	"objects.get":          func(v []uint64) { objectsGet(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4])) },
	"objects.put": func(v []uint64) {
		objectsPut(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]))
	},
	"objects.list": func(v []uint64) {
		objectsList(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]))
	},
	"objects.delete": func(v []uint64) { objectsDelete(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4])) },
	"objects.sign": func(v []uint64) {
		objectsSign(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]))
	},
	"schedule.at": func(v []uint64) {
		scheduleAt(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]))
	},
	"schedule.every": func(v []uint64) {
		scheduleEvery(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]))
	},
	"schedule.cancel": func(v []uint64) { scheduleCancel(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"schedule.list":   func(v []uint64) { scheduleList(uint32(v[0])) },
	"sql.query": func(v []uint64) {
		sqlQuery(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]))
	},
	"sql.execute": func(v []uint64) {
		sqlExecute(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]))
	},
	"system.config": func(v []uint64) { systemConfig(uint32(v[0])) },
	"system.now":    func(v []uint64) { systemNow(uint32(v[0])) },
	"system.local":  func(v []uint64) { systemLocal(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4])) },
	"system.random": func(v []uint64) { systemRandom(uint32(v[0]), uint32(v[1])) },
	"system.log":    func(v []uint64) { systemLog(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
	"triggers.hear": func(v []uint64) {
		triggersHear(uint32(v[0]), uint32(v[1]), uint32(v[2]), uint32(v[3]), uint32(v[4]), uint32(v[5]), uint32(v[6]), uint32(v[7]), uint32(v[8]), uint32(v[9]))
	},
	"triggers.forget": func(v []uint64) { triggersForget(uint32(v[0]), uint32(v[1]), uint32(v[2])) },
}

//go:wasmimport moa:plugin/brain@0.1.0 get
func brainGet(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/brain@0.1.0 set
func brainSet(a, b, c, d, e, f, g, h, i, j uint32)

//go:wasmimport moa:plugin/brain@0.1.0 delete
func brainDelete(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/brain@0.1.0 list-keys
func brainListKeys(a, b, c, d, e, f, g, h, i, j uint32)

//go:wasmimport moa:plugin/brain@0.1.0 increment
func brainIncrement(a, b, c, d, e uint32, f int64, g uint32)

//go:wasmimport moa:plugin/brain@0.1.0 compare-and-swap
func brainCompareAndSwap(a, b, c, d, e, f, g, h, i, j, k, l, m uint32)

//go:wasmimport moa:plugin/brain@0.1.0 get-many
func brainGetMany(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/brain@0.1.0 set-many
func brainSetMany(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/chat@0.1.0 send
func chatSend(a, b uint32)

//go:wasmimport moa:plugin/chat@0.1.0 edit
func chatEdit(a, b uint32)

//go:wasmimport moa:plugin/chat@0.1.0 delete
func chatDelete(a, b, c, d, e, f, g, h, i, j, k uint32)

//go:wasmimport moa:plugin/chat@0.1.0 react
func chatReact(a, b, c, d, e, f, g, h, i, j, k, l, m uint32)

//go:wasmimport moa:plugin/chat@0.1.0 unreact
func chatUnreact(a, b, c, d, e, f, g, h, i, j, k, l, m uint32)

//go:wasmimport moa:plugin/chat@0.1.0 upload
func chatUpload(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o uint32)

//go:wasmimport moa:plugin/chat@0.1.0 download
func chatDownload(a, b, c uint32)

//go:wasmimport moa:plugin/chat@0.1.0 open-direct
func chatOpenDirect(a, b, c uint32)

//go:wasmimport moa:plugin/chat@0.1.0 open-modal
func chatOpenModal(a, b, c, d, e uint32)

//go:wasmimport moa:plugin/chat@0.1.0 get-user
func chatGetUser(a, b, c uint32)

//go:wasmimport moa:plugin/chat@0.1.0 get-conversation
func chatGetConversation(a, b, c uint32)

//go:wasmimport moa:plugin/chat@0.1.0 members
func chatMembers(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/chat@0.1.0 history
func chatHistory(a, b, c, d, e, f, g, h, i, j, k, l, m uint32)

//go:wasmimport moa:plugin/chat@0.1.0 ask
func chatAsk(a, b uint32)

//go:wasmimport moa:plugin/http@0.1.0 fetch
func httpFetch(a, b uint32)

//go:wasmimport moa:plugin/http@0.1.0 fetch-to-object
func httpFetchToObject(a, b uint32)

//go:wasmimport moa:plugin/objects@0.1.0 get
func objectsGet(a, b, c, d, e uint32)

//go:wasmimport moa:plugin/objects@0.1.0 put
func objectsPut(a, b, c, d, e, f, g, h, i uint32)

//go:wasmimport moa:plugin/objects@0.1.0 list
func objectsList(a, b, c, d, e, f, g, h uint32)

//go:wasmimport moa:plugin/objects@0.1.0 delete
func objectsDelete(a, b, c, d, e uint32)

//go:wasmimport moa:plugin/objects@0.1.0 sign
func objectsSign(a, b, c, d, e, f uint32)

//go:wasmimport moa:plugin/schedule@0.1.0 at
func scheduleAt(a, b, c, d, e, f, g uint32)

//go:wasmimport moa:plugin/schedule@0.1.0 every
func scheduleEvery(a, b, c, d, e, f, g, h, i, j uint32)

//go:wasmimport moa:plugin/schedule@0.1.0 cancel
func scheduleCancel(a, b, c uint32)

//go:wasmimport moa:plugin/schedule@0.1.0 list
func scheduleList(a uint32)

//go:wasmimport moa:plugin/sql@0.1.0 query
func sqlQuery(a, b, c, d, e, f, g uint32)

//go:wasmimport moa:plugin/sql@0.1.0 execute
func sqlExecute(a, b, c, d, e, f, g uint32)

//go:wasmimport moa:plugin/system@0.1.0 config
func systemConfig(a uint32)

//go:wasmimport moa:plugin/system@0.1.0 now
func systemNow(a uint32)

//go:wasmimport moa:plugin/system@0.1.0 local
func systemLocal(a, b, c, d, e uint32)

//go:wasmimport moa:plugin/system@0.1.0 random
func systemRandom(a, b uint32)

//go:wasmimport moa:plugin/system@0.1.0 log
func systemLog(a, b, c uint32)

//go:wasmimport moa:plugin/triggers@0.1.0 hear
func triggersHear(a, b, c, d, e, f, g, h, i, j uint32)

//go:wasmimport moa:plugin/triggers@0.1.0 forget
func triggersForget(a, b, c uint32)
