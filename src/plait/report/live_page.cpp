#include "plait/report/live_page.hpp"

#include "plait/report/internal/page_files.hpp"
#include "plait/report/internal/page_template.hpp"

namespace plait::report {

std::string live_page(std::string_view nonce) {
    const internal::TemplateParts parts{
        {"nonce", std::string(nonce)},
        {"style", std::string(internal::live_style)},
        {"charts library", std::string(internal::page_charts_library)},
        {"script", std::string(internal::live_script)},
    };
    return internal::filled(internal::live_template, parts);
}

}  // namespace plait::report
