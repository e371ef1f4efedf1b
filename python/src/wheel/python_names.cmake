# Writes OUTPUT, a source with a function for each name of Python that MODULE needs. None of them is ever called.
execute_process(COMMAND ${NM} --dynamic --undefined-only ${MODULE} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[ \n]_?Py[A-Za-z0-9_]+" names "${symbols}")
set(source "// Made by src/wheel/python_names.cmake.\n")
foreach(name IN LISTS names)
    string(STRIP ${name} name)
    string(APPEND source "extern \"C\" void ${name}() { __builtin_trap(); }\n")
endforeach()
file(WRITE ${OUTPUT} "${source}")
