# The files of the pages, in the order in which they stand in them. The page of a live run has parts of the report's.
set(page ${CMAKE_CURRENT_LIST_DIR})
set(modules activities format data view ticks density layout palette summary dom theme card picture timeline plot charts tables main)
list(TRANSFORM modules PREPEND ${page}/)
list(TRANSFORM modules APPEND .mjs)
set(live ${page}/../live)
set(live_modules ../page/format ../page/ticks ../page/dom ../page/theme ../page/plot model connection charts sections main)
list(TRANSFORM live_modules PREPEND ${live}/)
list(TRANSFORM live_modules APPEND .mjs)
plait_embed(plait_report plait::report::internal
    TEXT page_template FILES ${page}/page.html
    TEXT page_style FILES ${page}/third_party/uPlot/uPlot.min.css ${page}/base.css ${page}/page.css
    TEXT page_charts_library FILES ${page}/third_party/uPlot/uPlot.iife.min.js
    TEXT page_script FILES ${modules}
    TEXT live_template FILES ${live}/live.html
    TEXT live_style FILES ${page}/third_party/uPlot/uPlot.min.css ${page}/base.css ${live}/live.css
    TEXT live_script FILES ${live_modules})
