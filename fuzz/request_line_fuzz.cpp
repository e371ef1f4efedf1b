// A line of a file of requests: JSON, or a URL.
#include "plait/batch/requests/request_line.hpp"

#include "target.hpp"
#include <variant>

using namespace plait::batch;

void feed(std::string_view bytes) {
    RequestDefaults defaults;
    defaults.base_url = "https://api.example/v1";
    defaults.automatic_keys = true;
    defaults.key_seed = "run";
    RequestReader reader(defaults);
    for (const SourceItem& item : {reader.read_json(bytes, 1), reader.read_url(bytes, 1)}) {
        if (const auto* bad = std::get_if<BadLine>(&item)) PLAIT_ASSERT(!bad->message.empty(), "it says why");
    }
}
