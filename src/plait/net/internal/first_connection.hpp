#pragma once

#include "plait/async/byte_stream.hpp"
#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/net/address.hpp"
#include "plait/net/endpoint.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace plait::net::internal {

/// Connects to one address; throws an `Error` whose text is only the reason, such as "refused".
using ConnectOne = std::function<Task<std::unique_ptr<ByteStream>>(Address, const Endpoint&)>;

/// What `connect_tcp` promises, for any way to connect. What `connect_one` refers to outlives the task.
Task<std::unique_ptr<ByteStream>> first_connection(Endpoint endpoint, std::vector<Address> addresses,
                                                   ConnectOne connect_one, Duration delay);

}  // namespace plait::net::internal
