#pragma once

#include <cstddef>
#include <list>

namespace plait::batch::internal {

/// Counts up as long as it lives.
class Counted {
  public:
    explicit Counted(std::size_t& count) noexcept : count_(count) { ++count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count_; }

  private:
    std::size_t& count_;
};

/// Keeps an element in a list as long as it lives.
template <class Element>
class Listed {
  public:
    Listed(std::list<Element*>& list, Element& element) : list_(list), at_(list.insert(list.end(), &element)) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { list_.erase(at_); }

  private:
    std::list<Element*>& list_;
    typename std::list<Element*>::iterator at_;
};

}  // namespace plait::batch::internal
