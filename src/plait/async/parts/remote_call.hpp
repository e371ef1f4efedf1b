#pragma once

namespace plait {

namespace internal {
class Inbox;
}

/// Something that another thread sends to a loop: a result, a message. It is a link of the loop's inbox, so that
/// sending allocates nothing, and must live until it has arrived.
class RemoteCall {
  public:
    RemoteCall() noexcept = default;
    RemoteCall(const RemoteCall&) = delete;
    RemoteCall& operator=(const RemoteCall&) = delete;

    /// Runs on the loop's thread, between tasks. The loop does not touch the call afterwards.
    virtual void arrive() noexcept = 0;

  protected:
    ~RemoteCall() = default;

  private:
    friend class internal::Inbox;
    RemoteCall* next_ = nullptr;
};

}  // namespace plait
