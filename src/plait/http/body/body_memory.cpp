#include "plait/http/body/body_memory.hpp"

#include "plait/http/body/internal/usable_memory.hpp"

namespace plait::http {

// The rest is for results on their way to their file, for what the system keeps of the connections, and for others.
std::size_t default_body_memory() { return internal::usable_memory() / 4; }

}  // namespace plait::http
