#!/bin/sh
# CPython 3.13.0's `await` never calls `am_send` of a type written in C, although the slot exists for awaitables: it calls
# `tp_iternext`, and where a value is sent, the method `send`. Only `PyIter_Send` calls `am_send`, as asyncio's tasks do for the
# coroutine that they run. So a type whose `am_send` and `tp_iternext` differ, or whose fast path is in `am_send` alone, behaves
# in one way as a task and in another one inside a coroutine. Needs python3.13 with its headers, and cc.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >waits.c <<'C'
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* An awaitable that is its own iterator, and says by its result which slot was called. */
static PySendResult waits_send(PyObject *self, PyObject *sent, PyObject **result) {
    *result = PyUnicode_FromString("am_send");
    return PYGEN_RETURN;
}
static PyObject *waits_next(PyObject *self) {
    PyObject *result = PyUnicode_FromString("tp_iternext");
    if (result) PyErr_SetObject(PyExc_StopIteration, result);
    Py_XDECREF(result);
    return NULL;
}
static PyAsyncMethods waits_async = {.am_await = PyObject_SelfIter, .am_send = waits_send};
static PyTypeObject Waits = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "waits.Waits",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_as_async = &waits_async,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = waits_next,
};
static PyObject *by_iter_send(PyObject *module, PyObject *waits) {
    PyObject *result = NULL;
    return PyIter_Send(waits, Py_None, &result) == PYGEN_ERROR ? NULL : result;
}
static PyMethodDef functions[] = {{"by_iter_send", by_iter_send, METH_O, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "waits", NULL, -1, functions};
PyMODINIT_FUNC PyInit_waits(void) {
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddType(made, &Waits) < 0) Py_CLEAR(made);
    return made;
}
C
cat >ask.py <<'PYTHON'
import asyncio

import waits


async def coroutine():
    return await waits.Waits()


print("PyIter_Send", waits.by_iter_send(waits.Waits()))
print("await", asyncio.run(coroutine()))
PYTHON
python=${PYTHON:-python3.13}
paths=$("$python" -c 'import sysconfig; print("-I" + sysconfig.get_path("include"))')
cc -shared -fPIC -o waits.so waits.c "$paths"
seen=$("$python" ask.py)
wanted='PyIter_Send am_send
await tp_iternext'
if [ "$seen" = "$wanted" ]; then
    echo "as described: await calls tp_iternext, not am_send"
else
    printf 'changed: they called\n%s\nand now call\n%s\n' "$wanted" "$seen"
    exit 1
fi
