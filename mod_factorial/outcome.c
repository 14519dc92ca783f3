#include "outcome.h"

#include "module.h"

#define BAD_REQUESTS                  \
    {                                 \
        "BadRequests", "bad requests" \
    }

const outcome_row outcomes[OUTCOME_COUNT] = {
    [OUTCOME_OK] = {.counter = {"Results", "results sent"}},
    [OUTCOME_HEADERS] = {.counter = {"Headers", "answered by headers alone"}},

    [OUTCOME_NUMBER_MISSING] = {.counter = BAD_REQUESTS,
                                .status = HTTP_BAD_REQUEST,
                                .problem = {"number-missing", "Number missing",
                                            "Please supply number parameter"}},
    [OUTCOME_NUMBER_INVALID] = {.counter = BAD_REQUESTS,
                                .status = HTTP_BAD_REQUEST,
                                .problem = {"number-invalid", "Number invalid", "Invalid value"}},
    /* The maximum is added to the detail. */
    [OUTCOME_NUMBER_TOO_LARGE] = {.counter = BAD_REQUESTS,
                                  .status = HTTP_BAD_REQUEST,
                                  .problem = {"number-too-large", "Number too large",
                                              "Number too large: the maximum is "}},
    [OUTCOME_METHOD] = {.counter = BAD_REQUESTS,
                        .status = HTTP_METHOD_NOT_ALLOWED,
                        .problem = {"method-not-allowed", "Method not allowed",
                                    "Method not allowed: use GET, HEAD, OPTIONS"}},
    [OUTCOME_PRECONDITION] = {.counter = BAD_REQUESTS,
                              .status = HTTP_PRECONDITION_FAILED,
                              .problem = {"precondition-failed", "Precondition failed",
                                          "Precondition failed"}},

    [OUTCOME_BUSY] = {.counter = {"RefusedBusy", "refused: busy"},
                      .status = HTTP_SERVICE_UNAVAILABLE,
                      .problem = {"busy", "Busy",
                                  "Too many large numbers at once: try again later"},
                      .log = {"busy", APLOG_WARNING, "refused: too many large numbers at once"}},
    [OUTCOME_TIMEOUT] = {.counter = {"StoppedTimeout", "stopped: out of time"},
                         .status = HTTP_SERVICE_UNAVAILABLE,
                         .problem = {"timeout", "Out of time",
                                     "Computing took longer than is allowed here"},
                         .log = {"timeout", APLOG_WARNING,
                                 "stopped: took longer than FactorialTimeout allows"}},
    [OUTCOME_MEMORY] = {.counter = {"RefusedMemory", "refused: no memory"},
                        .status = HTTP_SERVICE_UNAVAILABLE,
                        .problem = {"memory", "Out of memory", "Not enough memory at the moment"},
                        .log = {"memory", APLOG_ERR, "refused: the system has no memory"}},
    /* Nobody reads the response. The status, for the log, is the one that nginx uses. */
    [OUTCOME_GONE] = {.counter = {"StoppedGone", "stopped: client gone"},
                      .status = 499,
                      .log = {"gone", APLOG_INFO, "stopped: the client has gone"}},
    [OUTCOME_SLOW] = {.counter = {"AbortedSlow", "aborted: client too slow"},
                      .log = {"slow", APLOG_INFO, "given up: the client does not take it"}},
    [OUTCOME_STOPPING] = {.counter = {"StoppedByServer", "stopped with the server"},
                          .status = HTTP_SERVICE_UNAVAILABLE,
                          .problem = {"busy", "Busy",
                                      "Too many large numbers at once: try again later"},
                          .log = {"stopping", APLOG_WARNING, "stopped: so is the server"}},
    [OUTCOME_FAILED] = {.counter = {"Failed", "failed"},
                        .status = HTTP_INTERNAL_SERVER_ERROR,
                        .problem = {"internal-error", "Internal error", "Internal error"},
                        .log = {"failed", APLOG_ERR,
                                "withheld: the result did not pass its check"}},
};
