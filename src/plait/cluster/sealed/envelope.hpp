#pragma once

#include "plait/cluster/sealed/seal.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace plait::cluster {

/// What arrived on a subject of a run.
struct Envelope {
    enum class Kind {
        message,         ///< `text` is a message of this run, from somebody who has the key
        objection,       ///< `text` is a sentence, from anybody
        other_protocol,  ///< the sender speaks another protocol
        locked,          ///< it was sealed with another key, or changed
        unreadable       ///< it is none of these
    };
    Kind kind;
    std::string text;
    int protocol = 0;  ///< the sender's
};

/// Puts the messages of one member of a run into envelopes, and opens those of others.
///
/// An envelope begins with two bytes that will never change: the protocol number, and whether the rest is sealed. So
/// members that can't understand each other can say so.
class Post {
  public:
    /// The most bytes of an objection.
    static constexpr std::size_t most_objection_bytes = 300;

    Post(const ClusterKey& key, std::string_view run) : sealer_(key, run), opener_(key, run) {}

    std::string wrap(std::string_view subject, std::string_view message);
    Envelope open(std::string_view subject, std::string_view envelope);

    /// A sentence that anybody can read and forge.
    static std::string objection(std::string_view sentence);

  private:
    Sealer sealer_;
    Opener opener_;
};

}  // namespace plait::cluster
