"""What directory answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.directory.operations import erasures
from services.directory.operations.clinicians import clinicians, may_prescribe
from services.directory.operations.own_clinician import own_clinician
from services.directory.operations.people import me, patient, staff
from services.directory.operations.register_patient import register_patient
from services.directory.operations.relationships import may_open, register
from shared import audit
from shared.requests import common
from shared.requests import directory as requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.app import Handler
    from shared.requests import Operation

OPERATIONS: Mapping[Operation[Any, Any], Handler] = {
    requests.ME: me,
    requests.MAY_OPEN: may_open,
    requests.REGISTER_PATIENT: register_patient,
    requests.PATIENT: patient,
    requests.CLINICIANS: clinicians,
    requests.REGISTER_RELATIONSHIP: register,
    requests.MAY_PRESCRIBE: may_prescribe,
    requests.PEOPLE: staff,
    requests.OWN_CLINICIAN: own_clinician,
    requests.REQUEST_ERASURE: erasures.request,
    requests.WITHDRAW_ERASURE: erasures.withdraw,
    requests.APPROVE_ERASURE: erasures.approve,
    requests.ERASURES: erasures.erasures,
    common.ACCESSES["directory"]: audit.accesses("directory"),
}
