// What a NATS server sends, in two pieces; the first byte says where they are cut.
#include "plait/base/error.hpp"
#include "plait/cluster/relay/nats_parser.hpp"

#include "target.hpp"
#include <algorithm>
#include <variant>

using namespace plait;
using namespace plait::cluster;

void feed(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::size_t cut = std::min<std::size_t>(static_cast<unsigned char>(bytes[0]), bytes.size() - 1);
    bytes.remove_prefix(1);
    NatsParser parser;
    try {
        for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
            parser.feed(piece);
            while (const auto event = parser.next()) {
                if (const auto* info = std::get_if<NatsParser::Info>(&*event)) NatsServerInfo{info->json};
            }
        }
    } catch (const Error& error) {
        PLAIT_ASSERT(error.code() == ErrorCode::protocol, "a bad server is no bad input");
    }
}
