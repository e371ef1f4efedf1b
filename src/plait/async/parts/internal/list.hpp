#pragma once

namespace plait::internal {

/// A link of a circular, doubly linked list; linked to itself it is in no list. `Tag` tells apart the lists that an
/// element can be in at the same time.
template <class Tag>
struct ListNode {
    ListNode* next = this;
    ListNode* previous = this;

    ListNode() noexcept = default;
    ListNode(const ListNode&) = delete;
    ListNode& operator=(const ListNode&) = delete;

    bool is_linked() const noexcept { return next != this; }
    void unlink() noexcept {
        previous->next = next;
        next->previous = previous;
        next = previous = this;
    }
};

/// A first-in, first-out list of nodes that live in their elements: linking and unlinking allocate nothing, and an
/// element leaves from the middle without knowing its list. `Element` derives from `ListNode<Tag>`.
template <class Element, class Tag>
class List {
  public:
    using Node = ListNode<Tag>;

    bool empty() const noexcept { return !head_.is_linked(); }
    Element& front() noexcept { return static_cast<Element&>(*head_.next); }

    void push_back(Element& element) noexcept {
        Node& node = element;
        node.previous = head_.previous;
        node.next = &head_;
        head_.previous->next = &node;
        head_.previous = &node;
    }

    Element& pop_front() noexcept {
        Element& element = front();
        static_cast<Node&>(element).unlink();
        return element;
    }

    /// Appends all of `other`, in one step.
    void append(List& other) noexcept {
        if (other.empty()) return;
        Node* first = other.head_.next;
        Node* last = other.head_.previous;
        other.head_.next = other.head_.previous = &other.head_;
        first->previous = head_.previous;
        head_.previous->next = first;
        last->next = &head_;
        head_.previous = last;
    }

    /// `visit` may unlink the element that it is given, and no other.
    template <class Visitor>
    void for_each(Visitor visit) {
        for (Node* node = head_.next; node != &head_;) {
            Node* next = node->next;
            visit(static_cast<Element&>(*node));
            node = next;
        }
    }

  private:
    Node head_;
};

}  // namespace plait::internal
