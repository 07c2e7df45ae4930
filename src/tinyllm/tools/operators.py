"""What MongoDB is asked, checked word by word: nothing that runs code, writes, or looks at other databases."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from tinyllm.errors import BadReply, Permanent
from tinyllm.toolkit import need

EXTRA = "mongo"
DEEPEST = 20
Document = dict[str, Any]

# Whatever is on none of these lists is refused.
STAGES_OF = """
$addFields $bucket $bucketAuto $count $densify $facet $fill $geoNear $graphLookup $group $limit $lookup $match
$project $redact $replaceRoot $replaceWith $sample $set $setWindowFields $skip $sort $sortByCount $unionWith
$unset $unwind
"""
OPERATORS_OF = """
$eq $ne $gt $gte $lt $lte $in $nin $and $or $nor $not $exists $type $regex $options $all $elemMatch $size
$expr $mod $text $search $language $caseSensitive $diacriticSensitive $geoWithin $geoIntersects $near
$nearSphere $geometry $maxDistance $minDistance $center $centerSphere $box $polygon $jsonSchema $comment
$bitsAllSet $bitsAnySet $slice $meta $oid $date $sum $avg $min $max $first $last $push $addToSet $count
$stdDevPop $stdDevSamp $mergeObjects $firstN $lastN $maxN $minN $top $topN $bottom $bottomN $median
$percentile $abs $add $ceil $divide $exp $floor $ln $log $log10 $multiply $pow $round $sqrt $subtract $trunc
$concat $concatArrays $arrayElemAt $arrayToObject $objectToArray $filter $map $reduce $range $reverseArray
$sortArray $zip $isArray $indexOfArray $indexOfBytes $indexOfCP $cond $ifNull $switch $cmp $literal $let
$toLower $toUpper $trim $ltrim $rtrim $split $strLenCP $strLenBytes $substr $substrCP $substrBytes $regexMatch
$regexFind $regexFindAll $replaceOne $replaceAll $strcasecmp $toString $toInt $toLong $toDouble $toDecimal
$toDate $toBool $toObjectId $convert $isNumber $dateToString $dateFromString $dateTrunc $dateAdd $dateSubtract
$dateDiff $dateFromParts $dateToParts $year $month $week $dayOfMonth $dayOfWeek $dayOfYear $hour $minute
$second $millisecond $isoWeek $isoWeekYear $setUnion $setIntersection $setDifference $setIsSubset $setEquals
$anyElementTrue $allElementsTrue $getField $rank $denseRank $documentNumber $shift $derivative $integral
$expMovingAvg $linearFill $locf
"""
CHANGES_OF = """
$set $unset $inc $mul $min $max $rename $currentDate $setOnInsert $push $pull $pullAll $addToSet $pop $each
$position $slice $sort $bit
"""
STAGES: Final = frozenset(STAGES_OF.split())
OPERATORS: Final = frozenset(OPERATORS_OF.split())
CHANGES: Final = frozenset(CHANGES_OF.split())
JOINS: Final = ("$lookup", "$unionWith", "$graphLookup")
NESTING: Final = ("$facet", *JOINS)


def stages(pipeline: Any) -> Iterator[Document]:
    """A pipeline that only reads, in the pipelines within it as well."""
    if not isinstance(pipeline, list) or not all(isinstance(each, dict) for each in pipeline):
        raise BadReply(
            f"{str(pipeline)[:80]!r} is no pipeline",
            hint='a pipeline is a list of stages, such as [{"$limit": 1}]',
            code="TOOL_INPUT",
        )
    for stage in pipeline:
        name = next(iter(stage), "")
        if len(stage) != 1 or name not in STAGES:
            raise _forbidden(name or "an empty stage", STAGES)
        inside = asked(stage[name], OPERATORS | STAGES if name in NESTING else OPERATORS)
        if name == "$facet":
            if not isinstance(inside, dict):
                raise BadReply(
                    "$facet names pipelines",
                    hint='write {"$facet": {"a": [{"$limit": 1}]}}',
                    code="TOOL_INPUT",
                )
            inside = {key: list(stages(each)) for key, each in inside.items()}
        elif name in JOINS:
            inside = _joined(inside)
        yield {name: inside}


def _joined(given: Any) -> Any:
    """Of this database only."""
    if not isinstance(given, dict):
        return collection(given)
    for key in ("from", "coll"):
        if key in given:
            collection(given[key])
    return {**given, "pipeline": list(stages(given["pipeline"]))} if "pipeline" in given else given


def asked(value: Any, allowed: frozenset[str], depth: int = 0) -> Any:
    """With operators of the list only; ids and dates as MongoDB has them."""
    if depth > DEEPEST:
        raise BadReply("this is nested too deep", hint="ask for something simpler", code="TOOL_INPUT")
    if isinstance(value, list):
        return [asked(each, allowed, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    if special := _special(value):
        return special(value)
    for key in value:
        if "\0" in key or (key.startswith("$") and key not in allowed):
            raise _forbidden(key, allowed)
    return {
        key: _id(each) if key == "_id" and isinstance(each, str) else asked(each, allowed, depth + 1)
        for key, each in value.items()
    }


def _special(value: Document) -> Callable[[Document], Any] | None:
    """{"$oid": …} and {"$date": …}, as MongoDB writes them in JSON."""
    return {"$oid": _object_id, "$date": _date}.get(next(iter(value))) if len(value) == 1 else None


def _object_id(value: Document) -> Any:
    bson = need("bson", extra=EXTRA)
    if not bson.ObjectId.is_valid(value["$oid"]):
        raise BadReply(
            f"{value['$oid']!r} is no id", hint="an id has 24 hexadecimal digits", code="TOOL_INPUT"
        )
    return bson.ObjectId(value["$oid"])


def _date(value: Document) -> Any:

    try:
        return datetime.fromisoformat(value["$date"])
    except (TypeError, ValueError) as failure:
        raise BadReply(
            f"{value['$date']!r} is no date", hint="write 2026-03-01T12:00:00+00:00", code="TOOL_INPUT"
        ) from failure


def _id(text: str) -> Any:
    """What looks like an id may be one or a text; either is found."""
    bson = need("bson", extra=EXTRA)
    return {"$in": [bson.ObjectId(text), text]} if len(text) == 24 and bson.ObjectId.is_valid(text) else text


def collection(name: Any) -> str:
    if not isinstance(name, str) or not name or name.startswith("system.") or "$" in name or "\0" in name:
        raise BadReply(
            f"{name!r} is no collection", hint="list them with mongo_collections", code="TOOL_INPUT"
        )
    return name


def plain_field(name: str) -> str:
    if name.startswith("$") or "\0" in name:
        raise _forbidden(name, frozenset())
    return name


def _forbidden(name: str, allowed: frozenset[str]) -> Permanent:
    known = name in (STAGES | OPERATORS | CHANGES)
    return Permanent(
        f"{name} is not allowed here",
        hint="it belongs elsewhere"
        if known
        else "use filters and stages that only look, without code"
        if allowed
        else "name plain fields",
        code="TOOL_INPUT",
    )
