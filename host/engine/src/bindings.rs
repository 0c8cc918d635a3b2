//! The contract as Rust, made from `wit/moa-plugin`. Nothing outside this crate sees these types.

#![allow(missing_docs, reason = "generated; the contract's own prose is the documentation")]

wasmtime::component::bindgen!({
    path: "../../wit/moa-plugin",
    world: "plugin",
    imports: {
        "moa:plugin/brain": async | trappable,
        "moa:plugin/chat": async | trappable,
        "moa:plugin/triggers": async | trappable,
        "moa:plugin/schedule": async | trappable,
        "moa:plugin/http": async | trappable,
        "moa:plugin/sql": async | trappable,
        "moa:plugin/objects": async | trappable,
        default: trappable,
    },
    exports: { default: async },
});
