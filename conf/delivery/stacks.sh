# Sourced by the steps that deploy: the stacks of an environment in the CDK's manifest.
# shellcheck shell=sh

# Prints a line for each stack of an environment that a delivery deploys, after the stacks that it needs: name,
# region, and the role that CloudFormation assumes for it. A person deploys the stacks registry and permissions.
# Fails if the credentials are of another account than the stacks.
stacks_of() { # TEMPLATES ENVIRONMENT
    identity=$(aws sts get-caller-identity --query Arn --output text) || return
    partition=$(echo "$identity" | cut -d : -f 2) account=$(echo "$identity" | cut -d : -f 5)
    stacks=$(jq -r --arg environment "-$2-" --arg partition "$partition" --arg account "$account" '
        .artifacts | to_entries[] | select(.value.type == "aws:cloudformation:stack")
        | select((.key | contains($environment)) and (.key | test("-(registry|permissions)$") | not))
        | (.value.environment | ltrimstr("aws://") | split("/")) as $place
        | if $place[0] != $account then error("\(.key) is for account \($place[0]), these are credentials of \($account)")
          else . end
        | [.key, $place[1], (.value.properties.cloudFormationExecutionRoleArn // ""
            | gsub("\\$\\{AWS::AccountId\\}"; $account) | gsub("\\$\\{AWS::Partition\\}"; $partition))]
        | join(" ")' "$1/manifest.json") || return
    # tsort prints each stack after the stacks on which it depends.
    jq -r '.artifacts | to_entries[] | select(.value.type == "aws:cloudformation:stack") | .key as $stack
        | $stack, $stack, ((.value.dependencies // [])[] | select(endswith(".assets") | not) | ., $stack)' \
        "$1/manifest.json" | tsort | while read -r stack; do
        printf '%s\n' "$stacks" | grep "^$stack " || true
    done
}

# Creates a change set and prints its ARN; prints nothing if the stack would not change.
change_set() { # STACK REGION ROLE TEMPLATE-FILE NAME
    size=$(wc -c <"$4")
    [ "$size" -le 51200 ] || {
        echo "$1: the template has $size bytes, and without a bucket CloudFormation takes 51200 at most;" \
            "make infra-deploy has one" >&2
        return 1
    }
    exists=$(aws cloudformation list-stacks --region "$2" --query \
        "StackSummaries[?StackName=='$1' && StackStatus!='DELETE_COMPLETE' && StackStatus!='REVIEW_IN_PROGRESS'].StackName" \
        --output text) || return
    kind=UPDATE
    [ -n "$exists" ] || kind=CREATE
    arn=$(aws cloudformation create-change-set --region "$2" --stack-name "$1" --change-set-name "$5" \
        --change-set-type "$kind" --capabilities CAPABILITY_NAMED_IAM ${3:+--role-arn "$3"} \
        --template-body "file://$4" --query Id --output text) || return
    # "wait" ends with an error too if there are no changes.
    if aws cloudformation wait change-set-create-complete --region "$2" --change-set-name "$arn" 2>/dev/null; then
        echo "$arn"
        return
    fi
    why=$(aws cloudformation describe-change-set --region "$2" --change-set-name "$arn" --query StatusReason --output text)
    case $why in
    *"didn't contain changes"* | *"No updates are to be performed"*) ;;
    *) echo "$1: $why" >&2 && return 1 ;;
    esac
    aws cloudformation delete-change-set --region "$2" --change-set-name "$arn"
}

# Executes a change set and waits until the stack has changed.
execute() { # REGION STACK CHANGE-SET-ARN
    kind=$(aws cloudformation describe-stacks --region "$1" --stack-name "$2" --query 'Stacks[0].StackStatus' --output text) || return
    aws cloudformation execute-change-set --region "$1" --change-set-name "$3" || return
    [ "$kind" = REVIEW_IN_PROGRESS ] && kind=create || kind=update
    if ! aws cloudformation wait "stack-$kind-complete" --region "$1" --stack-name "$2"; then
        aws cloudformation describe-stack-events --region "$1" --stack-name "$2" --query \
            "StackEvents[?contains(ResourceStatus, 'FAILED')].[LogicalResourceId, ResourceStatusReason]" --output text >&2
        return 1
    fi
    echo "$2 is deployed"
}
