// Starts a thread, and waits for it.

fn main() {
    match std::thread::Builder::new().spawn(|| 7) {
        Ok(thread) => println!("{}", if thread.join().unwrap() == 7 { "works" } else { "the thread gave nothing back" }),
        Err(error) => println!("{error}"),
    }
}
