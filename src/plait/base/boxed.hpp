#pragma once

#include <memory>
#include <utility>

namespace plait {

/// An optional value on the heap, used as a `std::optional`. As a field of something that is moved often, or that waits
/// in great number, it takes one pointer, however large the value is, and moves as one.
template <class T>
class Boxed {
  public:
    Boxed() noexcept = default;
    Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(const Boxed& other) { return *this = Boxed(other); }
    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;

    template <class... Arguments>
    T& emplace(Arguments&&... arguments) {
        value_ = std::make_unique<T>(std::forward<Arguments>(arguments)...);
        return *value_;
    }
    void reset() noexcept { value_.reset(); }

    /// Null if there is no value.
    T* get() noexcept { return value_.get(); }
    const T* get() const noexcept { return value_.get(); }

    bool has_value() const noexcept { return value_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }

    // There must be a value.
    T& operator*() noexcept { return *value_; }
    const T& operator*() const noexcept { return *value_; }
    T* operator->() noexcept { return value_.get(); }
    const T* operator->() const noexcept { return value_.get(); }

  private:
    std::unique_ptr<T> value_;  // null: there is none
};

}  // namespace plait
