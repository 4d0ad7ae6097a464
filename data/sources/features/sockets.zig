// Connects to a server.

const std = @import("std");

pub fn main(init: std.process.Init) !void {
    const server: std.Io.net.IpAddress = .{ .ip4 = .loopback(7) };
    _ = server.connect(init.io, .{ .mode = .stream }) catch |found| {
        const works = found == error.ConnectionRefused;
        return std.Io.File.stdout().writeStreamingAll(init.io, if (works) "works\n" else @errorName(found));
    };
}
