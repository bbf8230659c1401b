// A BOINC client's report as metrics: those that the two exporters which have dashboards give (CallMeFoxie's and
// surface0's), and our own. What each means stands in one table, which makes README's, too.
#pragma once

#include <string>

#include "uebo/boinc/client_report.hpp"
#include "uebo/boinc/group_account.hpp"
#include "uebo/metrics/families.hpp"

namespace uebo::boinc {

/// All that a whole report says. What it leaves unsaid has no sample, and no two samples of a family have the same
/// labels.
void add_report(const ClientReport& report, metrics::Families& families);

/// What is known of the scrape itself: boinc_up, its duration, and what the error was. Every scrape has it.
void add_scrape(const Result<ClientReport>& report, std::chrono::duration<double> duration,
                metrics::Families& families);

/// What the kernel has counted for the client's group.
void add_account(const GroupAccount& account, metrics::Families& families);

/// The table for README.
[[nodiscard]] std::string metrics_table();

}  // namespace uebo::boinc
