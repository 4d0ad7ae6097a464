// Returns an error, and handles it: Zig has errors as values, and no exceptions.

const std = @import("std");

fn fail() error{Expected}!void {
    return error.Expected;
}

pub fn main(init: std.process.Init) !void {
    fail() catch |found| {
        try std.Io.File.stdout().writeStreamingAll(init.io, if (found == error.Expected) "works, as values\n" else "another error\n");
    };
}
