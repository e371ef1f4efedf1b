#pragma once

/// The table of contents of plait's public API.

// Errors and clocks.
#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"

// Tasks, the loop that runs them, and what they can wait for.
#include "plait/async/cancel_scope.hpp"            // CancelScope, within, shielded
#include "plait/async/coordination/channel.hpp"    // Channel: passes items from task to task
#include "plait/async/coordination/event.hpp"      // Event: wakes all waiting tasks, once
#include "plait/async/coordination/gather.hpp"     // gather, settle, as_completed, race
#include "plait/async/coordination/semaphore.hpp"  // Semaphore: at most N at a time
#include "plait/async/event_loop.hpp"              // EventLoop, run(task), statistics, calls from other threads
#include "plait/async/parts/frame_statistics.hpp"
#include "plait/async/sleep.hpp"       // sleep_for, sleep_until, yield
#include "plait/async/task.hpp"        // Task
#include "plait/async/task_group.hpp"  // TaskGroup: owns the tasks it starts

// Threads and processes.
#include "plait/workers/process_pool.hpp"
#include "plait/workers/thread_pool.hpp"

// Policies for any task: limits, retries, hedging, stopping early.
#include "plait/policy/adaptive_limit.hpp"   // AdaptiveLimit: finds how many in flight a server handles
#include "plait/policy/circuit_breaker.hpp"  // CircuitBreaker: holds back calls to an unreachable server
#include "plait/policy/hedge.hpp"            // Hedge: a second copy of a slow call
#include "plait/policy/pace/pace.hpp"        // Pace: obeys rate limits, configured or learnt
#include "plait/policy/pace/rate_limit.hpp"  // parse_rate_limit: requests=500/m
#include "plait/policy/retry.hpp"            // Retry, decide, RetryBudget
#include "plait/policy/stop_rules.hpp"       // Budget, StopIf, Canary

// Calls over HTTP.
#include "plait/http/cookies/cookie_jar.hpp"           // CookieJar: cookies of answers, for later requests
#include "plait/http/limit_headers/limit_headers.hpp"  // read_limit_headers: the limits that an answer announces
#include "plait/http/message/request.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/message/url.hpp"
#include "plait/http/redirects.hpp"  // send_following: the answer at the end of redirects
#include "plait/http/send_error.hpp"
#include "plait/http/session.hpp"

// Many calls, as `plait run` makes them: one result for each request, whatever happens.
#include "plait/batch/resume/verify_results.hpp"
#include "plait/batch/run.hpp"  // Run: requests from files, pipes, URLs, ranges and generators; results as lines or values
