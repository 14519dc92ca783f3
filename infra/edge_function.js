// Runs in CloudFront for every request, before its cache is asked (JavaScript runtime 2.0).
//
// Requests that get the same response are made equal, so that the cache keeps one copy: of the query only
// the first `number` is left, as plain digits, and of `Accept` only what version 1 chooses by. What is not
// certain to mean the same stays as it is, and the server decides.

var NEGOTIATED = '/api/v1/factorial';

function decoded(text) {
    try {
        return decodeURIComponent(text.replace(/\+/g, ' '));
    } catch (error) {
        return null;
    }
}

// The digits of a number in one of the spellings that the server takes; anything else unchanged.
function plainNumber(text) {
    var found = /^[ \t\n\v\f\r]*([+-]?)0*(\d+)[ \t\n\v\f\r]*$/.exec(decoded(text) || '');
    return found && (found[1] !== '-' || found[2] === '0') ? found[2] : text;
}

function onlyNumber(query) {
    for (var name in query) {
        if (decoded(name) === 'number') {
            var first = query[name].multiValue ? query[name].multiValue[0] : query[name];
            return {number: {value: plainNumber(first.value)}};
        }
    }
    return {};
}

// How much a list of media ranges wants a type. Of the ranges that match, the most specific one counts.
function weight(ranges, type, subtype) {
    var best = 0, result = 0;
    ranges.forEach(function (range) {
        var specificity =
            range.name === type + '/' + subtype ? 3 : range.name === type + '/*' ? 2 : range.name === '*/*' ? 1 : 0;
        if (specificity && (specificity > best || (specificity === best && range.weight > result))) {
            best = specificity;
            result = range.weight;
        }
    });
    return result;
}

function plainAccept(text) {
    var ranges = [];
    var parts = text.toLowerCase().split(',');
    for (var i = 0; i < parts.length; i++) {
        var found = /^\s*([^\s;\/"=]+\/[^\s;\/"=]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/.exec(parts[i]);
        if (!found)
            return text;
        ranges.push({name: found[1], weight: found[2] ? Number(found[2]) : 1});
    }
    var problem = ranges.some(function (range) {
        return range.name === 'application/problem+json';
    });
    var result = weight(ranges, 'text', 'plain') > weight(ranges, 'application', 'json') ? 'text/plain' : 'application/json';
    return problem && weight(ranges, 'application', 'problem+json') > 0 ? result + ', application/problem+json' : result;
}

function handler(event) {
    var request = event.request;
    var accept = request.headers.accept;
    request.querystring = onlyNumber(request.querystring);
    request.headers.accept = {
        value: request.uri !== NEGOTIATED ? '*/*' : accept ? plainAccept(accept.value) : 'application/json',
    };
    return request;
}
