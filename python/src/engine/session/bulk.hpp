#pragma once

#include "core/engine.hpp"
#include "session/seats.hpp"
#include "values/python.hpp"
#include "values/settings.hpp"
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

namespace plait::python {

class AsyncSession;

/// Many calls of one session, whose requests are read from an iterator when there is room. Their ends become
/// `plait.Result`s.
class Bulk {
  public:
    /// `session` is the Python object, for `plait._options.prepare`.
    Bulk(nb::object session, const Settings& settings, const nb::object& requests, std::size_t concurrency,
         bool ordered);
    Bulk(const Bulk&) = delete;
    Bulk& operator=(const Bulk&) = delete;
    virtual ~Bulk();

    /// Reads requests and starts calls while there is room. Throws what the iterator throws.
    void refill(Engine& engine);
    /// Starts a call for `item`. For requests that come one by one; there must be room.
    void add(Engine& engine, nb::object item);
    bool has_room() const noexcept;
    void set_exhausted() noexcept { is_exhausted_ = true; }

    /// A result that is there, or an invalid object.
    nb::object take();
    bool has_results() const noexcept { return ended_count() > 0 || can_take(); }
    /// Whether each request that was read has been taken as a result, and there is no other one.
    bool is_done() const noexcept;

    /// Gives up what is in flight.
    void give_up(Engine& engine) noexcept;
    /// Forgets the calls, which were dropped with their engine.
    void forget() noexcept;

    int traverse_held(visitproc visit, void* arg) const;
    void clear_held() noexcept;
    nb::object session() const { return nb::borrow(session_.get()); }

  protected:
    /// See `Caller::wake_up`.
    int wake_up_ = -1;
    /// Starts a call in the engine.
    virtual void begin(Engine& engine, Caller& caller, std::unique_ptr<http::Request> request,
                       std::optional<Duration> deadline, std::unique_ptr<CallPolicy> policy);

  private:
    struct Call;

    void start(Engine& engine, const nb::object& item);
    std::size_t ended_count() const noexcept { return ended_.size() - next_ended_; }
    std::unique_ptr<Call> pop_ended();
    nb::object pop_ready();
    bool can_take() const noexcept;
    void put(std::size_t index, nb::object result);
    nb::object result_of(Call& call) const;
    nb::object result(std::size_t index, const nb::object& item, const nb::object& response,
                      const nb::object& error) const;

    const Settings& settings_;
    const std::size_t concurrency_;
    const bool ordered_;
    const bool is_plain_;  ///< a URL is all that a request needs
    Held session_;
    Held source_;
    Held prepare_;  // of `plait._options`
    Held result_type_;
    bool is_exhausted_ = false;
    std::size_t next_index_ = 0;
    std::size_t next_to_take_ = 0;              // in order
    std::vector<std::unique_ptr<Call>> calls_;  // those that have ended included, until they are taken
    std::vector<Call*> ended_;                  // in the order of their ends
    std::size_t next_ended_ = 0;                // the first of these that was not taken
    std::map<std::size_t, nb::object> ready_;   // results that came before their turn, or without a call
};

nb::object make_bulk(nb::object session, Seats& seats, const nb::object& requests, std::size_t concurrency,
                     bool ordered);

void register_bulk(nb::module_& module);

}  // namespace plait::python
