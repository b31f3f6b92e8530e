# Writes the files of the HTML report into a C file, byte for byte:
#
#	cmake -D SOURCE=src/app/html -D OUT=FILE.c -P embed.cmake
set(text "/* Made by src/app/html/embed.cmake. */\n")
string(APPEND text "#include \"report_html_parts.h\"\n")
foreach(pair page.html:page style.css:style script.js:script)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 file)
  list(GET pair 1 name)
  file(READ ${SOURCE}/${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(REGEX REPLACE "(.......,)(.......,)" "\\1\\2" bytes "${bytes}")
  string(APPEND text
    "static const char ${name}[] = {\n${bytes}0\n};\n"
    "const struct html_file html_${name} = {\n"
    "\t${name}, sizeof(${name}) - 1\n};\n")
endforeach()
file(WRITE ${OUT} "${text}")
