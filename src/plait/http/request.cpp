#include "plait/http/request.hpp"

#include "plait/base/error.hpp"

#include <utility>

namespace plait::http {

Request::Request(std::string method, Url url_) : url(std::move(url_)), method_(std::move(method)) {
    if (!is_token(method_)) {
        throw Error(ErrorCode::bad_input, "a method is one word such as GET, of letters, digits and !#$%&'*+-.^_`|~");
    }
    if (method_ == "CONNECT") throw Error(ErrorCode::bad_input, "CONNECT asks a proxy for a tunnel: it is no call");
}

}  // namespace plait::http
