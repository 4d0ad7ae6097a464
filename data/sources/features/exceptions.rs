// Panics, and catches that.

fn main() {
    println!("{}", if std::panic::catch_unwind(|| panic!("expected")).is_err() { "works" } else { "nothing was caught" });
}
