#include "plait/report/internal/page_template.hpp"

namespace plait::report::internal {

std::string filled(std::string_view page, const TemplateParts& parts) {
    std::string html;
    for (auto open = page.find("{{"); open != std::string_view::npos; open = page.find("{{")) {
        const auto close = page.find("}}", open);
        html += page.substr(0, open);
        html += parts.at(page.substr(open + 2, close - open - 2));
        page.remove_prefix(close + 2);
    }
    html += page;
    return html;
}

}  // namespace plait::report::internal
