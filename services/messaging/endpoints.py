"""What messaging answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.messaging.operations.attachments.content import attachment, open_content, read_part
from services.messaging.operations.attachments.finish import finish
from services.messaging.operations.attachments.upload import abandon, begin, put_part
from services.messaging.operations.consults.catalogue import check_intake, conditions
from services.messaging.operations.consults.find import find_providers
from services.messaging.operations.consults.give_up import decline, withdraw
from services.messaging.operations.consults.plan import acknowledge, give_plan
from services.messaging.operations.consults.read import consult, consults, my_consults
from services.messaging.operations.consults.request import request_consult
from services.messaging.operations.contacts.log import log_contact
from services.messaging.operations.contacts.show import contacts, questions
from services.messaging.operations.corrections import correct, retract, revisions
from services.messaging.operations.custody import claim, custody, hand_over, release
from services.messaging.operations.drafts import discard_draft, drafts, save_draft
from services.messaging.operations.erase import erase_thread
from services.messaging.operations.follow_ups import follow_ups
from services.messaging.operations.inbox import inbox
from services.messaging.operations.last_contacts import last_contacts
from services.messaging.operations.people.join import join_person
from services.messaging.operations.people.request import request_person, withdraw_person
from services.messaging.operations.people.show import person_request, person_requests
from services.messaging.operations.read import mark_read, messages, threads
from services.messaging.operations.search import search
from services.messaging.operations.send import send
from services.messaging.operations.threads import close_thread, open_thread, reply_not_needed
from services.messaging.operations.writing import writing
from shared import audit
from shared.requests import attachments, common, conversation, corrections, people
from shared.requests import consults as by_message
from shared.requests import custody as custodies
from shared.requests import drafts as begun
from shared.requests import messaging as requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.OPEN_THREAD: open_thread,
    requests.SEND: send,
    requests.MESSAGES: messages,
    requests.THREADS: threads,
    requests.LAST_CONTACTS: last_contacts,
    requests.MARK_READ: mark_read,
    requests.REPLY_NOT_NEEDED: reply_not_needed,
    requests.CLOSE_THREAD: close_thread,
    requests.ERASE_THREAD: erase_thread,
    custodies.CLAIM: claim,
    custodies.HAND_OVER: hand_over,
    custodies.RELEASE: release,
    custodies.CUSTODY: custody,
    custodies.INBOX: inbox,
    requests.FOLLOW_UPS: follow_ups,
    corrections.CORRECT: correct,
    corrections.RETRACT: retract,
    corrections.REVISIONS: revisions,
    conversation.WRITING: writing,
    conversation.SEARCH: search,
    begun.SAVE_DRAFT: save_draft,
    begun.DRAFTS: drafts,
    begun.DISCARD_DRAFT: discard_draft,
    attachments.BEGIN: begin,
    attachments.PUT_PART: put_part,
    attachments.FINISH: finish,
    attachments.ABANDON: abandon,
    attachments.ATTACHMENT: attachment,
    attachments.CONTENT: open_content,
    attachments.PART: read_part,
    people.REQUEST_PERSON: request_person,
    people.WITHDRAW_PERSON: withdraw_person,
    people.JOIN_PERSON: join_person,
    people.PERSON_REQUESTS: person_requests,
    people.PERSON_REQUEST: person_request,
    people.LOG_CONTACT: log_contact,
    people.CONTACTS: contacts,
    people.QUESTIONS: questions,
    by_message.CONDITIONS: conditions,
    by_message.CHECK_INTAKE: check_intake,
    by_message.FIND_PROVIDERS: find_providers,
    by_message.REQUEST_CONSULT: request_consult,
    by_message.CONSULT: consult,
    by_message.CONSULTS: consults,
    by_message.MY_CONSULTS: my_consults,
    by_message.GIVE_PLAN: give_plan,
    by_message.ACKNOWLEDGE: acknowledge,
    by_message.DECLINE: decline,
    by_message.WITHDRAW: withdraw,
    common.ACCESSES["messaging"]: audit.accesses("messaging"),
}
