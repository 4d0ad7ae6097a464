// Prints its arguments, its environment and what it reads on standard input.

const std = @import("std");

pub fn main(init: std.process.Init) !void {
    // A stream has no positions, and not every host says so: by themselves writer and reader would try to write and read at one.
    var out_buffer: [4096]u8 = undefined;
    var writer: std.Io.File.Writer = .initStreaming(.stdout(), init.io, &out_buffer);
    const out = &writer.interface;

    const args = try init.minimal.args.toSlice(init.arena.allocator());
    for (args[1..], 1..) |arg, number| try out.print("argument {d}: {s}\n", .{ number, arg });

    var entries = init.environ_map.iterator();
    while (entries.next()) |entry| try out.print("environment: {s}={s}\n", .{ entry.key_ptr.*, entry.value_ptr.* });

    var in_buffer: [4096]u8 = undefined;
    var reader: std.Io.File.Reader = .initStreaming(.stdin(), init.io, &in_buffer);
    while (try reader.interface.takeDelimiter('\n')) |line| try out.print("input: {s}\n", .{line});
    try out.flush();
}
