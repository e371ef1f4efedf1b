#include "plait/mock/internal/delivery.hpp"

namespace plait::mock::internal {

Delivery::Delivery(const Answer& answer, const http::ReceivedRequest& request) {
    append_head(head, answer, request);
    if (!has_body(answer, request)) return;
    body = answer.body;
    fill = answer.fill;
}

}  // namespace plait::mock::internal
