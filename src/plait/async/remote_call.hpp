#pragma once

namespace plait {

namespace internal {
class Inbox;
}

/// Something that another thread has for a loop: a result, a message. A link of the loop's inbox, so that sending
/// allocates nothing; it must live until it has arrived.
class RemoteCall {
  public:
    RemoteCall() noexcept = default;
    RemoteCall(const RemoteCall&) = delete;
    RemoteCall& operator=(const RemoteCall&) = delete;

    /// Runs on the loop's thread, between tasks. Afterwards the loop touches the call no more.
    virtual void arrive() noexcept = 0;

  protected:
    ~RemoteCall() = default;

  private:
    friend class internal::Inbox;
    RemoteCall* next_ = nullptr;
};

}  // namespace plait
