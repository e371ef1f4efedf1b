// A URL, and on a second line a reference to resolve against it.
#include "plait/http/message/url.hpp"

#include "target.hpp"

using plait::http::Url;

namespace {

void check(const Url& url) {
    PLAIT_ASSERT(Url(url.text()) == url, "a URL's text is that URL");
    PLAIT_ASSERT(!url.host().empty() && url.target().starts_with('/'), "a URL has a host and a path");
    for (const char c : url.text()) PLAIT_ASSERT(c > ' ' && c != '\x7f', "what goes into a request line ends no line");
}

}  // namespace

void feed(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    Url url(bytes.substr(0, end));
    check(url);
    if (end != std::string_view::npos) check(url.resolve(bytes.substr(end + 1)));
    url.add_query("name", bytes);
    check(url);
}
