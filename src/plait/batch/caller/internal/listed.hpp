#pragma once

namespace plait::batch::internal {

struct Link {
    Link() noexcept = default;
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    Link* previous = this;
    Link* next = this;
};

template <class Element>
class ListOf;

/// Keeps an element in a list as long as it lives. The list outlives it.
template <class Element>
class Listed : private Link {
  public:
    Listed(ListOf<Element>& list, Element& element) noexcept : element_(element) {
        previous = list.ends_.previous;
        next = &list.ends_;
        previous->next = next->previous = this;
    }
    ~Listed() {
        previous->next = next;
        next->previous = previous;
    }

  private:
    friend class ListOf<Element>;
    Element& element_;
};

/// Elements in the order in which they were listed. It needs no memory of its own for them.
template <class Element>
class ListOf {
  public:
    class Iterator {
      public:
        explicit Iterator(const Link& at) noexcept : at_(&at) {}
        Element& operator*() const noexcept { return static_cast<const Listed<Element>*>(at_)->element_; }
        Iterator& operator++() noexcept {
            at_ = at_->next;
            return *this;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

      private:
        const Link* at_;
    };

    Iterator begin() const noexcept { return Iterator(*ends_.next); }
    Iterator end() const noexcept { return Iterator(ends_); }

  private:
    friend class Listed<Element>;
    Link ends_;  ///< before the first and behind the last
};

}  // namespace plait::batch::internal
