-- What wrk has measured, as one line of JSON, times in microseconds. A connection
-- that the server closed between two requests is no error: event does so when all workers are busy.
function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        'JSON {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"closed":%d,"errors":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        e.read, e.connect + e.write + e.status + e.timeout))
end
