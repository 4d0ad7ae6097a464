// Starts a thread, and waits for it.

const std = @import("std");

var number: i32 = 0;

fn work() void {
    number = 7;
}

pub fn main(init: std.process.Init) !void {
    const thread = try std.Thread.spawn(.{}, work, .{});
    thread.join();
    try std.Io.File.stdout().writeStreamingAll(init.io, if (number == 7) "works\n" else "the thread did nothing\n");
}
