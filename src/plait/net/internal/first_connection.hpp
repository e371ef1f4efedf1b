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

/// Connects to one address. Throws `Error` with only the reason as its text, such as "refused".
using ConnectOne = std::function<Task<std::unique_ptr<ByteStream>>(Address, const Endpoint&)>;

/// Does what `connect_tcp` promises, for any way to connect. All that `connect_one` refers to must outlive the task.
Task<std::unique_ptr<ByteStream>> first_connection(Endpoint endpoint, std::vector<Address> addresses,
                                                   ConnectOne connect_one, Duration delay);

}  // namespace plait::net::internal
