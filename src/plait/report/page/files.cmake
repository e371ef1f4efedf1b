# The files of the page, in the order in which they stand in it.
set(page ${CMAKE_CURRENT_LIST_DIR})
set(modules activities format data view ticks density layout palette summary dom card picture timeline charts tables main)
list(TRANSFORM modules PREPEND ${page}/)
list(TRANSFORM modules APPEND .mjs)
plait_embed(plait_report plait::report::internal
    TEXT page_template FILES ${page}/page.html
    TEXT page_style FILES ${page}/third_party/uPlot/uPlot.min.css ${page}/page.css
    TEXT page_charts_library FILES ${page}/third_party/uPlot/uPlot.iife.min.js
    TEXT page_script FILES ${modules})
