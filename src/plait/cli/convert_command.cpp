#include "plait/cli/convert_command.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/table/output_file.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"
#include "plait/convert/collection/environment.hpp"
#include "plait/convert/request/input.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace plait::cli {

namespace {

std::string kind_names() {
    std::string names;
    for (const convert::Kind& kind : convert::kinds()) names.append(names.empty() ? "" : "|").append(kind.name);
    return names;
}

std::vector<Choice> kind_choices() {
    std::vector<Choice> choices;
    for (const convert::Kind& kind : convert::kinds())
        choices.push_back({std::string(kind.name), std::string(kind.help)});
    return choices;
}

void list(std::string_view title, const std::vector<convert::Remark>& remarks) {
    for (const convert::Remark& remark : remarks) {
        print(stderr, fmt::format("{}: {}: {}\n", title, remark.where, remark.reason));
    }
}

}  // namespace

std::string_view ConvertCommand::help() const {
    return "Turn other programs' recordings, collections and lists into request lines.";
}

std::string_view ConvertCommand::notes() const {
    return "Secrets, such as Authorization, Cookie and API keys, are replaced by {{env.NAME}}, and the names are "
           "listed. What can't be converted is listed with the reason (docs/convert.md).\n\n"
           "Exit code: 0 if all requests were converted, 1 if some were not, 2 if the only file can't be used."
           " Of several files, one that can't be used is listed, too.";
}

Positional ConvertCommand::positional() const {
    return {"FILE", "The files to convert, in this order, or a folder of Bruno; - is standard input."};
}

std::vector<Flag> ConvertCommand::flags() {
    return {
        Flag("--from", kind_names(), "Read the files as this kind. Default: recognise each by its content.",
             [this](const std::string& value) { kind_ = &convert::kind_named(value); })
            .with_choices(kind_choices()),
        {"-o,--output", "FILE", "Write the request lines to this file instead of standard output.",
         [this](const std::string& value) { output_ = value; }},
        Flag("--var", "NAME=VALUE",
             "Set a variable of the files, such as {{NAME}} or, in curl commands, $NAME. VALUE may name a secret, "
             "such as 'token={{env.TOKEN}}'.",
             [this](const std::string& value) { convert::add_variable(variables_, value); })
            .repeatable(),
        Flag("--environment", "FILE",
             "Take variables from this file: an environment of Postman or Bruno, a JSON object, or lines NAME=value. "
             "They win over those of the files; --var wins over them.",
             [this](const std::string& value) { convert::add_environment(variables_, value); })
            .repeatable(),
        {"--overwrite", "", "Replace the output file if it exists.", [this](const std::string&) { overwrite_ = true; }},
    };
}

int ConvertCommand::run() {
    if (files_.empty()) throw_bad_input("no FILE: name the files to convert, or - for standard input");
    convert::Conversion conversion(variables_.given_references());
    std::vector<std::string> files;
    for (const std::string& path : files_) {
        for (std::string& file : convert::input_files(path)) files.push_back(std::move(file));
    }
    for (const std::string& path : files) {
        if (is_same_file(path, output_)) throw_bad_input(fmt::format("{} is both input and output", path));
        if (files.size() > 1) {
            read_one_of_several(path, conversion);
        } else {
            read(path, "", conversion);
        }
    }
    if (conversion.count() > 0) {
        batch::OutputFile file(output_, overwrite_);
        file.write(conversion.lines());
        file.finish();
    }
    report(conversion);
    return conversion.refused().empty() && conversion.count() > 0 ? exit_ok : exit_some_not_ok;
}

void ConvertCommand::read(const std::string& path, const std::string& prefix, convert::Conversion& conversion) const {
    try {
        convert::Input input = convert::read_input(path);
        input.variables = variables_;
        input.prefix = prefix;
        (kind_ ? *kind_ : convert::kind_of(input)).read(input, conversion);
    } catch (const Error& error) {
        const std::string name = path == "-" ? "standard input" : path;
        const std::string_view message = error.what();
        if (error.code() != ErrorCode::bad_input || message.find(name) != std::string_view::npos) throw;
        throw_bad_input(fmt::format("{}: {}", name, message));
    }
}

void ConvertCommand::read_one_of_several(const std::string& path, convert::Conversion& conversion) const {
    const std::string prefix = path + ": ";
    try {
        read(path, prefix, conversion);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::bad_input) throw;
        const std::string_view reason = error.what();
        conversion.refuse(path, std::string(reason.substr(reason.starts_with(prefix) ? prefix.size() : 0)));
    }
}

void ConvertCommand::report(const convert::Conversion& conversion) const {
    list("left out", conversion.left_out());
    list("not converted", conversion.refused());
    for (const std::string& advice : conversion.advice()) print(stderr, fmt::format("note: {}\n", advice));
    for (const std::string& name : conversion.secrets().left_in(conversion.lines())) {
        print(stderr, fmt::format("note: the value of {} is also in the output in plain text\n", name));
    }
    const std::size_t all = conversion.count() + conversion.refused().size();
    print(stderr, fmt::format("plait: converted {} of {} request{}\n", conversion.count(), all, all == 1 ? "" : "s"));
    std::string exports, permits;
    for (const convert::NamedSecret& secret : conversion.secrets().all()) {
        if (!secret.is_used) continue;
        exports += fmt::format("    export {}={}  # {}\n", secret.variable,
                               secret.form.empty() ? "'...'" : "\"" + secret.form + "\"", secret.where);
        permits += fmt::format(" --secret env.{}", secret.variable);
    }
    if (exports.empty()) return;
    print(stderr, fmt::format("Secrets were replaced by names. Set them, and permit them to the run:\n{}    plait run "
                              "{} -o results.jsonl{}\n",
                              exports, output_ == standard_output ? "requests.jsonl" : output_, permits));
}

}  // namespace plait::cli
