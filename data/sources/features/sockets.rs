// Connects to a server.

fn main() {
    match std::net::TcpStream::connect("127.0.0.1:7") {
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => println!("{error}"),
        _ => println!("works"),
    }
}
