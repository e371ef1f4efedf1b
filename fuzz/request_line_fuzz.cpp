// A line of a file of requests: JSON, a URL, or JSON of a vendor's batch file.
#include "plait/base/error.hpp"
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
    defaults.model = "m";
    for (const BatchFormatEntry& entry : batch_formats) {
        defaults.format = entry.format;
        RequestReader vendor(defaults);
        const SourceItem item = vendor.read_json(bytes, 1);
        try {
            vendor.check_first(bytes, "file");
        } catch (const plait::Error&) {
            PLAIT_ASSERT(std::holds_alternative<BadLine>(item), "a file of another kind has none of its lines");
        }
    }
}
