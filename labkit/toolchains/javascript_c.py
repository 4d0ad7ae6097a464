"""Writes a JavaScript program as C, which is how it gets into a module: its text, and a C function for each that it exports."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.toolchains.wit import CoreFunction

__all__ = ["c_program", "c_string"]

# How a C number becomes JavaScript's, and with which C type that takes a JavaScript number back; 64 bits are a BigInt.
_INTO = {"int64_t": "JS_NewBigInt64", "uint64_t": "JS_NewBigUint64", "float": "JS_NewFloat64", "double": "JS_NewFloat64", "bool": "JS_NewBool"}
_OUT_OF = {
    "int64_t": ("JS_ToBigInt64", "int64_t"),
    "uint64_t": ("JS_ToBigUint64", "uint64_t"),
    "float": ("JS_ToFloat64", "double"),
    "double": ("JS_ToFloat64", "double"),
}
_HEAD = """\
#include "quickjs.h"
#include <stdbool.h>
#include <stdint.h>
JSContext *labkit_context(void);
JSValue labkit_call(const char *name, int count, JSValue *values);
void labkit_check(bool is_exception);
"""


def c_program(source: bytes, shown: str, functions: Sequence[CoreFunction]) -> str:
    """Write a program as C.

    Parameters
    ----------
    source : bytes
        The JavaScript.
    shown : str
        The name that its error messages have.
    functions : sequence of CoreFunction
        What the module exports.

    Returns
    -------
    str
    """
    name = shown.encode("utf-8", "replace")
    text = [
        f"const char labkit_program[] = {c_string(source)};",
        f"const size_t labkit_program_bytes = {len(source)};",
        f"const char labkit_program_name[] = {c_string(name)};",
    ]
    return "\n".join([_HEAD, *text, *(_export(number, function) for number, function in enumerate(functions)), ""])


def c_string(data: bytes) -> str:
    """Any bytes as C string literals.

    Examples
    --------
    >>> print(c_string(b"a\\n"))
    "\\141\\012"
    """
    lines = ("".join(f"\\{byte:03o}" for byte in data[start : start + 32]) for start in range(0, len(data), 32))
    return "\n".join(f'"{line}"' for line in lines) or '""'


def _export(number: int, function: CoreFunction) -> str:
    params = ", ".join(f"{type} p{index}" for index, type in enumerate(function.params)) or "void"
    values = ", ".join(f"{_into(type)}(context, p{index})" for index, type in enumerate(function.params))
    back = ""
    if function.result == "bool":
        back = "return JS_ToBool(context, result);"
    elif function.result != "void":
        convert, type = _OUT_OF.get(function.result, ("JS_ToInt32", "int32_t") if function.result != "uint32_t" else ("JS_ToUint32", "uint32_t"))
        back = f"{type} number; labkit_check({convert}(context, &number, result)); return number;"
    # A name in JavaScript has no hyphens; the export keeps WIT's.
    words = function.name.split("-")
    property = words[0] + "".join(word.capitalize() for word in words[1:])
    return f"""\
__attribute__((export_name("{function.name}"))) {function.result} export_{number}({params}) {{
    JSContext *context = labkit_context();
    JSValue values[] = {{{values or "JS_UNDEFINED"}}};
    JSValue result = labkit_call("{property}", {len(function.params)}, values);
    labkit_check(JS_IsException(result));
    {back}
}}"""


def _into(type: str) -> str:
    return _INTO.get(type, "JS_NewUint32" if type.startswith("u") else "JS_NewInt32")
