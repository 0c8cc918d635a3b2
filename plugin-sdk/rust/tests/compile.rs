//! Wrong use of the macros is an error that points at its place and says what to do.

#[test]
fn wrong_use_is_explained_where_it_is() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui-pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
