// Templates of rows, and the values that go into them: `url NUL body NUL value`.
#include "plait/base/error.hpp"
#include "plait/batch/templates/request_template.hpp"
#include "plait/http/message/url.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include "target.hpp"
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace plait::batch;

namespace {

std::string_view take(std::string_view& bytes) {
    const std::size_t end = std::min(bytes.find('\0'), bytes.size());
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    return part;
}

void fill(const RequestTemplate& made, std::string_view value) {
    const std::vector<RowCell> cells(made.columns().size(), RowCell(RowCell::Kind::text, value));
    RowRequest request;
    try {
        made.fill(cells, request);
    } catch (const plait::Error&) {
        return;  // a value that can't stand in its place
    }
    PLAIT_ASSERT(!made.has_json() || plait::json::LoneValue().assign(request.body),
                 "a body is JSON, whatever the value");
    if (made.url().is_whole()) return;
    const std::size_t host_end = request.url.find_first_of("/?", request.url.find("://") + 3);
    PLAIT_ASSERT(request.url.substr(0, host_end) == "http://h", "the host is fixed");
    try {
        (void)plait::http::Url(request.url);
    } catch (const plait::Error& error) {
        PLAIT_ASSERT(request.url.empty(), error.what());  // a URL, whatever the value
    }
}

}  // namespace

void feed(std::string_view bytes) {
    RowOptions options;
    options.url = "http://h/" + std::string(take(bytes));
    options.body = std::string(take(bytes));
    if (!plait::json::is_utf8(bytes)) return;  // rows are UTF-8
    std::optional<RequestTemplate> made;
    try {
        made.emplace(options, [](std::string_view name) { return std::string(name); });
    } catch (const plait::Error&) {
        return;
    }
    fill(*made, bytes);
}
