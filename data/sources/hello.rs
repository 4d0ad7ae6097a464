// Prints its arguments, its environment and what it reads on standard input.
use std::{env, io};

fn main() {
    for (number, argument) in env::args().enumerate().skip(1) {
        println!("argument {number}: {argument}");
    }
    for (name, value) in env::vars() {
        println!("environment: {name}={value}");
    }
    for line in io::stdin().lines() {
        println!("input: {}", line.expect("standard input is text"));
    }
}
