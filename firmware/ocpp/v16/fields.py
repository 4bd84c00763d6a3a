"""The field table of OCPP 1.6 and of its security whitepaper (edition 3): requests, responses,
classes, enumerations. Text, no code.

One constant string: frozen, it stays in flash and costs no heap. `messages.py` reads it.

    Message: fields              a request (OCPP 1.6 §6, "X.req")
    Message.conf: fields         its response
    @Class: fields               a class of §7
    #Enumeration: words          an enumeration of §7

A field is `name=type` (required) or `name?type` (optional). Types:

    cN  CiStringN: at most N characters     s  string      u  URI         t  dateTime
    xN  string of at most N characters, line ends included (PEM)
    i   integer                             b  boolean     n  decimal, at most one fraction digit
    @X  class   #X  enumeration             *T array of T  +T array of at least one T

Spelled as on the wire: `Celcius` stands in the original schemas; J erratum 2.1 (2025-04) wants
both spellings accepted and `Celcius` sent. Frequency has no unit (erratum 3.86).
"""

FIELDS = """
Authorize: idTag=c20
Authorize.conf: idTagInfo=@IdTagInfo
BootNotification: chargePointVendor=c20 chargePointModel=c20 chargePointSerialNumber?c25 \
chargeBoxSerialNumber?c25 firmwareVersion?c50 iccid?c20 imsi?c20 meterType?c25 \
meterSerialNumber?c25
BootNotification.conf: status=#RegistrationStatus currentTime=t interval=i
CancelReservation: reservationId=i
CancelReservation.conf: status=#AcceptedRejected
ChangeAvailability: connectorId=i type=#AvailabilityType
ChangeAvailability.conf: status=#AvailabilityStatus
ChangeConfiguration: key=c50 value=c500
ChangeConfiguration.conf: status=#ConfigurationStatus
ClearCache:
ClearCache.conf: status=#AcceptedRejected
ClearChargingProfile: id?i connectorId?i chargingProfilePurpose?#ChargingProfilePurpose \
stackLevel?i
ClearChargingProfile.conf: status=#ClearChargingProfileStatus
DataTransfer: vendorId=c255 messageId?c50 data?s
DataTransfer.conf: status=#DataTransferStatus data?s
DiagnosticsStatusNotification: status=#DiagnosticsStatus
DiagnosticsStatusNotification.conf:
FirmwareStatusNotification: status=#FirmwareStatus
FirmwareStatusNotification.conf:
GetCompositeSchedule: connectorId=i duration=i chargingRateUnit?#ChargingRateUnit
GetCompositeSchedule.conf: status=#AcceptedRejected connectorId?i scheduleStart?t \
chargingSchedule?@ChargingSchedule
GetConfiguration: key?*c50
GetConfiguration.conf: configurationKey?*@KeyValue unknownKey?*c50
GetDiagnostics: location=u retries?i retryInterval?i startTime?t stopTime?t
GetDiagnostics.conf: fileName?c255
GetLocalListVersion:
GetLocalListVersion.conf: listVersion=i
Heartbeat:
Heartbeat.conf: currentTime=t
MeterValues: connectorId=i transactionId?i meterValue=+@MeterValue
MeterValues.conf:
RemoteStartTransaction: connectorId?i idTag=c20 chargingProfile?@ChargingProfile
RemoteStartTransaction.conf: status=#AcceptedRejected
RemoteStopTransaction: transactionId=i
RemoteStopTransaction.conf: status=#AcceptedRejected
ReserveNow: connectorId=i expiryDate=t idTag=c20 parentIdTag?c20 reservationId=i
ReserveNow.conf: status=#ReservationStatus
Reset: type=#ResetType
Reset.conf: status=#AcceptedRejected
SendLocalList: listVersion=i localAuthorizationList?*@AuthorizationData updateType=#UpdateType
SendLocalList.conf: status=#UpdateStatus
SetChargingProfile: connectorId=i csChargingProfiles=@ChargingProfile
SetChargingProfile.conf: status=#ChargingProfileStatus
StartTransaction: connectorId=i idTag=c20 meterStart=i reservationId?i timestamp=t
StartTransaction.conf: idTagInfo=@IdTagInfo transactionId=i
StatusNotification: connectorId=i errorCode=#ChargePointErrorCode info?c50 \
status=#ChargePointStatus timestamp?t vendorId?c255 vendorErrorCode?c50
StatusNotification.conf:
StopTransaction: idTag?c20 meterStop=i timestamp=t transactionId=i reason?#Reason \
transactionData?*@MeterValue
StopTransaction.conf: idTagInfo?@IdTagInfo
TriggerMessage: requestedMessage=#MessageTrigger connectorId?i
TriggerMessage.conf: status=#TriggerMessageStatus
UnlockConnector: connectorId=i
UnlockConnector.conf: status=#UnlockStatus
UpdateFirmware: location=u retries?i retrieveDate=t retryInterval?i
UpdateFirmware.conf:
CertificateSigned: certificateChain=x10000
CertificateSigned.conf: status=#AcceptedRejected
DeleteCertificate: certificateHashData=@CertificateHashData
DeleteCertificate.conf: status=#DeleteCertificateStatus
ExtendedTriggerMessage: requestedMessage=#ExtendedMessageTrigger connectorId?i
ExtendedTriggerMessage.conf: status=#TriggerMessageStatus
GetInstalledCertificateIds: certificateType=#CertificateUse
GetInstalledCertificateIds.conf: certificateHashData?+@CertificateHashData \
status=#GetInstalledCertificateStatus
GetLog: log=@LogParameters logType=#Log requestId=i retries?i retryInterval?i
GetLog.conf: status=#LogStatus filename?c255
InstallCertificate: certificateType=#CertificateUse certificate=x5500
InstallCertificate.conf: status=#InstallCertificateStatus
LogStatusNotification: status=#UploadLogStatus requestId?i
LogStatusNotification.conf:
SecurityEventNotification: type=c50 timestamp=t techInfo?c255
SecurityEventNotification.conf:
SignCertificate: csr=x5500
SignCertificate.conf: status=#AcceptedRejected
SignedFirmwareStatusNotification: status=#SignedFirmwareStatus requestId?i
SignedFirmwareStatusNotification.conf:
SignedUpdateFirmware: retries?i retryInterval?i requestId=i firmware=@Firmware
SignedUpdateFirmware.conf: status=#SignedUpdateFirmwareStatus
@AuthorizationData: idTag=c20 idTagInfo?@IdTagInfo
@ChargingProfile: chargingProfileId=i transactionId?i stackLevel=i \
chargingProfilePurpose=#ChargingProfilePurpose chargingProfileKind=#ChargingProfileKind \
recurrencyKind?#RecurrencyKind validFrom?t validTo?t chargingSchedule=@ChargingSchedule
@ChargingSchedule: duration?i startSchedule?t chargingRateUnit=#ChargingRateUnit \
chargingSchedulePeriod=+@ChargingSchedulePeriod minChargingRate?n
@ChargingSchedulePeriod: startPeriod=i limit=n numberPhases?i
@IdTagInfo: expiryDate?t parentIdTag?c20 status=#AuthorizationStatus
@KeyValue: key=c50 readonly=b value?c500
@CertificateHashData: hashAlgorithm=#HashAlgorithm issuerNameHash=c128 issuerKeyHash=c128 \
serialNumber=c40
@Firmware: location=c512 retrieveDateTime=t installDateTime?t signingCertificate=x5500 \
signature=x800
@LogParameters: remoteLocation=c512 oldestTimestamp?t latestTimestamp?t
@MeterValue: timestamp=t sampledValue=+@SampledValue
@SampledValue: value=s context?#ReadingContext format?#ValueFormat measurand?#Measurand \
phase?#Phase location?#Location unit?#UnitOfMeasure
#AcceptedRejected: Accepted Rejected
#AuthorizationStatus: Accepted Blocked Expired Invalid ConcurrentTx
#AvailabilityStatus: Accepted Rejected Scheduled
#AvailabilityType: Inoperative Operative
#ChargePointErrorCode: ConnectorLockFailure EVCommunicationError GroundFailure HighTemperature \
InternalError LocalListConflict NoError OtherError OverCurrentFailure PowerMeterFailure \
PowerSwitchFailure ReaderFailure ResetFailure UnderVoltage OverVoltage WeakSignal
#ChargePointStatus: Available Preparing Charging SuspendedEVSE SuspendedEV Finishing Reserved \
Unavailable Faulted
#ChargingProfileKind: Absolute Recurring Relative
#ChargingProfilePurpose: ChargePointMaxProfile TxDefaultProfile TxProfile
#ChargingProfileStatus: Accepted Rejected NotSupported
#ChargingRateUnit: A W
#ClearChargingProfileStatus: Accepted Unknown
#ConfigurationStatus: Accepted Rejected RebootRequired NotSupported
#DataTransferStatus: Accepted Rejected UnknownMessageId UnknownVendorId
#DiagnosticsStatus: Idle Uploaded UploadFailed Uploading
#FirmwareStatus: Downloaded DownloadFailed Downloading Idle InstallationFailed Installing Installed
#Location: Cable EV Inlet Outlet Body
#Measurand: Energy.Active.Export.Register Energy.Active.Import.Register \
Energy.Reactive.Export.Register Energy.Reactive.Import.Register Energy.Active.Export.Interval \
Energy.Active.Import.Interval Energy.Reactive.Export.Interval Energy.Reactive.Import.Interval \
Power.Active.Export Power.Active.Import Power.Offered Power.Reactive.Export \
Power.Reactive.Import Power.Factor Current.Import Current.Export Current.Offered Voltage \
Frequency Temperature SoC RPM
#MessageTrigger: BootNotification DiagnosticsStatusNotification FirmwareStatusNotification \
Heartbeat MeterValues StatusNotification
#Phase: L1 L2 L3 N L1-N L2-N L3-N L1-L2 L2-L3 L3-L1
#ReadingContext: Interruption.Begin Interruption.End Sample.Clock Sample.Periodic \
Transaction.Begin Transaction.End Trigger Other
#Reason: EmergencyStop EVDisconnected HardReset Local Other PowerLoss Reboot Remote SoftReset \
UnlockCommand DeAuthorized
#RecurrencyKind: Daily Weekly
#RegistrationStatus: Accepted Pending Rejected
#ReservationStatus: Accepted Faulted Occupied Rejected Unavailable
#ResetType: Hard Soft
#TriggerMessageStatus: Accepted Rejected NotImplemented
#UnitOfMeasure: Wh kWh varh kvarh W kW VA kVA var kvar A V K Celcius Celsius Fahrenheit Percent
#UnlockStatus: Unlocked UnlockFailed NotSupported
#UpdateStatus: Accepted Failed NotSupported VersionMismatch
#UpdateType: Differential Full
#ValueFormat: Raw SignedData
#CertificateUse: CentralSystemRootCertificate ManufacturerRootCertificate
#DeleteCertificateStatus: Accepted Failed NotFound
#ExtendedMessageTrigger: BootNotification LogStatusNotification FirmwareStatusNotification \
Heartbeat MeterValues SignChargePointCertificate StatusNotification
#GetInstalledCertificateStatus: Accepted NotFound
#HashAlgorithm: SHA256 SHA384 SHA512
#InstallCertificateStatus: Accepted Failed Rejected
#Log: DiagnosticsLog SecurityLog
#LogStatus: Accepted Rejected AcceptedCanceled
#SignedFirmwareStatus: Downloaded DownloadFailed Downloading DownloadScheduled DownloadPaused \
Idle InstallationFailed Installing Installed InstallRebooting InstallScheduled \
InstallVerificationFailed InvalidSignature SignatureVerified
#SignedUpdateFirmwareStatus: Accepted Rejected AcceptedCanceled InvalidCertificate \
RevokedCertificate
#UploadLogStatus: BadMessage Idle NotSupportedOperation PermissionDenied Uploaded UploadFailure \
Uploading
"""
