//! What `wit-bindgen` makes of the contract. Hidden: authors see the modules built on it.
// Generated code answers to its generator's rules, not to this workspace's.
#![allow(clippy::all, clippy::restriction, missing_docs, unsafe_op_in_unsafe_fn)]

wit_bindgen::generate!({
    path: "../../wit/moa-plugin",
    world: "plugin",
    additional_derives: [PartialEq],
    pub_export_macro: true,
    export_macro_name: "export_plugin",
    default_bindings_module: "::moa_plugin::__private::bindings",
});
