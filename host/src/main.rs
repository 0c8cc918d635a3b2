//! The `moa` binary: everything is in the library beside it, where tests reach it.

fn main() -> std::process::ExitCode {
    moa::cli::main()
}
