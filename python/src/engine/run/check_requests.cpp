#include "run/check_requests.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/batch/check/check.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/batch/sources/row_source.hpp"
#include "plait/batch/templates/text_template.hpp"

#include "run/run_items.hpp"
#include "run/run_options.hpp"
#include "values/errors.hpp"
#include "values/options.hpp"
#include "values/settings.hpp"
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace plait::python {

namespace {

/// Ctrl-C is seen after so many requests at the latest.
constexpr int requests_between_signals = 1000;

batch::ForecastOptions forecast_from(const nb::dict& options, const batch::RunOptions& run) {
    batch::ForecastOptions forecast;
    forecast.limits = run.limits;
    forecast.budgets = run.budgets;
    forecast.concurrency = run.concurrency.value_or(forecast.concurrency);
    forecast.concurrency_per_origin = run.concurrency_per_origin;
    forecast.latency = duration_from(option<double>(options, "latency"));
    return forecast;
}

Task<void> look_at_all(batch::Source& source, batch::Check& check) {
    int left = requests_between_signals;
    while (const auto item = co_await source.next()) {
        check.look_at(*item);
        if (--left > 0) continue;
        left = requests_between_signals;
        const Locked locked;
        if (PyErr_CheckSignals() != 0) nb::raise_python_error();
    }
}

/// The file or the iterable, and what it uses.
class CheckedInput {
  public:
    CheckedInput(const nb::object& requests, const nb::dict& options, batch::RequestDefaults defaults) {
        if (PyUnicode_Check(requests.ptr())) {
            source_ = batch::open_source({nb::cast<std::string>(requests)}, std::move(defaults));
            return;
        }
        PyObject* const iterator = PyObject_GetIter(requests.ptr());
        if (!iterator) nb::raise_python_error();
        items_.iterator.set(nb::steal(iterator));
        items_.line_of.set(nb::borrow(options["line_of"]));
        defaults.secrets = &secrets_;
        source_ = std::make_unique<RunItems>(items_, std::move(defaults), std::nullopt);
    }

    /// Without Python's lock. Throws what the iterable throws.
    void show_to(batch::Check& check) {
        try {
            const Unlocked released;
            plait::run(look_at_all(*source_, check));
        } catch (const Error&) {
            if (items_.broken) raise(nb::borrow(items_.broken.get()));
            throw;
        }
    }

  private:
    RunItems::Shared items_;
    batch::Secrets secrets_;
    std::unique_ptr<batch::Source> source_;  // last: it uses the others
};

/// The arguments of `plait.CheckReport`: the report as JSON and as text, whether requests would be refused, and whether
/// there is something to look at.
nb::tuple check(const nb::object& requests, const nb::dict& options, const std::string& name) {
    RunSettings settings = run_settings_from(options);
    batch::RequestDefaults& defaults = settings.requests;
    defaults.put_secrets = batch::SecretExpander::Put::names;
    defaults.key_seed = "check";  // keys are made, but not sent
    batch::InputNotes notes;
    defaults.notes = &notes;
    batch::CheckedPages pages;
    pages.follow = settings.run.follow;
    pages.each_page = settings.run.result_format.each_page;
    batch::Check check(forecast_from(options, settings.run), settings.run.session.routes.proxies, std::move(pages));
    CheckedInput(requests, options, defaults).show_to(check);
    batch::CheckReport report = check.report();
    report.notes = notes;
    if (defaults.rows.are_given()) {
        for (batch::ColumnPlaces& sent : batch::make_request_template(defaults).places())
            report.columns.emplace_back(std::move(sent.column), std::move(sent.places));
    }
    return nb::make_tuple(batch::check_json(report), batch::check_text(report, name), report.is_refused(),
                          report.has_warnings());
}

}  // namespace

void register_check(nb::module_& module) { module.def("check", &check); }

}  // namespace plait::python
