#pragma once

#include "plait/async/cancel_scope.hpp"

#include <cstddef>
#include <list>

namespace plait::watch::internal {

/// The open connections of a page. Those that have not shown the token, strangers, can't keep out those that have:
/// there are few, and a new one takes the place of the oldest.
class Visitors {
  public:
    Visitors(std::size_t most, std::size_t most_strangers) noexcept : most_(most), most_strangers_(most_strangers) {}

    /// A connection, as long as it lives: a stranger at first.
    class Visitor {
      public:
        /// Cancels the scope of the oldest stranger if there are too many connections.
        explicit Visitor(Visitors& all);
        Visitor(const Visitor&) = delete;
        Visitor& operator=(const Visitor&) = delete;
        ~Visitor();

        /// False: all places are taken by connections that have shown the token.
        bool is_admitted() const noexcept { return kind_ != Kind::outside; }
        bool is_stranger() const noexcept { return kind_ == Kind::stranger; }

        /// It has shown the token.
        void trust() noexcept;

        /// Talk to it inside this scope.
        CancelScope& scope() noexcept { return scope_; }

      private:
        friend class Visitors;
        enum class Kind { outside, stranger, trusted };

        void leave() noexcept;

        Visitors& all_;
        Kind kind_ = Kind::outside;
        std::list<Visitor*>::iterator place_{};  ///< of a stranger
        CancelScope scope_;
    };

  private:
    std::size_t count() const noexcept { return trusted_ + strangers_.size(); }

    const std::size_t most_;
    const std::size_t most_strangers_;
    std::size_t trusted_ = 0;
    std::list<Visitor*> strangers_;  ///< the oldest first
};

}  // namespace plait::watch::internal
